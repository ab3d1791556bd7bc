"""The closed form in numbers: exact rationals, or QR on scaled columns."""
