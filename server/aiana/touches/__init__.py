"""What tool calls did to files and repositories, told by the shape of their arguments."""
