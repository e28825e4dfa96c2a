"""The commands of `tsmon`, each in the file of its name."""
