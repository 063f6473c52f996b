"""The rules of a council (协商议事, 方桌会, 说事): the people concerned choose between plans."""
