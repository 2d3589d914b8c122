"""What makes a candidate good: demands, their price, and fronts over several of them."""
