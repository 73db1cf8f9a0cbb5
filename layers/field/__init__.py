"""Field visits: their plans, the consent of sites, what came back, stories and links to packs."""
