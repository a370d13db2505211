"""Published models: packages in the registry, the ledger of promotions, and the commands over them."""
