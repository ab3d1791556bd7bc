"""Text → term: ASCII, Unicode or LaTeX, with the place of every part.  What cannot be read is refused with its place (`Unread`); nothing is executed.

`read("2x(y - w*x - b)")` · `read_definition("y_hat = w*x + b")` · `read_equation("a = b = c")` · `read_condition("x > 0")`
A line of other people's working, loosely written: `read_line(r"\\frac{dL}{dw} = 2u x_i \\quad \\text{or} \\quad 2(\\hat y - y) x_i")`
"""

from symgd.reading.line import Statement, read_line, statements
from symgd.reading.pratt import Reading
from symgd.reading.reader import read, read_condition, read_definition, read_equation, read_with_places
from symgd.reading.unread import Unread

__all__ = ["Reading", "Statement", "Unread", "read", "read_condition", "read_definition", "read_equation", "read_line", "read_with_places", "statements"]
