"""From a configuration and prepared splits to a trained network and its figures."""
