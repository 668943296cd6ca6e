"""Storage and records of studies, and everything that shows, analyses or exports them."""
