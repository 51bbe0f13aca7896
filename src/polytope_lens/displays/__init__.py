"""What notebooks show of objects: tables, small drawings and formulas, in the words of the terminal.

The functions are given plain data, so they stand below all objects, whose methods forward to them. `cards` are the HTML
of an object, `phrases` what terminals say as well; `markup`, `sketch` and `formulas` write HTML, SVG and LaTeX. To show
an object starts no work that takes longer than a look: what is not known yet is named, with the call that finds it.
"""
