"""How a model is trained and asked: recipes, supervised training, prediction."""
