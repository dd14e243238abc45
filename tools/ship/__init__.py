"""What leaves the checkout: the book, the app, figures in pages, frozen weights."""
