"""Reports: the table in the terminal, the page of a cell, the board of all cells. Reads records only."""
