"""The protocol: methods, params, results and URIs, as every front end reads them."""
