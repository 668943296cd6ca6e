"""A study's plots, one concept a module, each a pure function from its record to a Plotly plot."""
