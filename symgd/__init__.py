"""symgd: derive it, run it, check it."""
