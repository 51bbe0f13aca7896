"""All regions of a domain as struct-of-arrays, what their search told besides, and how they are saved."""
