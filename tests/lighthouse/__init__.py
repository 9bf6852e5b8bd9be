"""`make lighthouse`: how fast and how accessible the main pages are, as Lighthouse measures it."""
