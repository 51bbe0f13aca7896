"""A point and its surroundings: the decision boundary nearest to it, how finely space is cut there, its influence."""
