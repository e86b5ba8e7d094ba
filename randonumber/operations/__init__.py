"""Running the product: everything at once (`up`), the web server alone (`serve`), and its state (`doctor`)."""
