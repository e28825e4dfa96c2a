"""Every parser of outside text, fed with anything: only the errors that it documents come out."""
