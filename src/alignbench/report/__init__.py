"""Reports: the table in the terminal, the page of a cell, the overview of all cells. Reads records only."""
