"""The demonstration landscape around Tarkwa-Nsuaem: real place names, invented mines and fields."""
