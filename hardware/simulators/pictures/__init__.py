"""Pictures of simulated people: fingers with real minutiae, drawn faces and irises, and the records that carry them."""
