"""City packs: a city's folder read, checked and compared."""
