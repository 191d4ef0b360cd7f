"""What runs inside assistants by itself: quick, silent, and never in anybody's way."""
