"""Ways to run a card's weights file. Each module has `open_model(card, file, device, …) -> Model`; one file serves them all."""
