"""Files made from the descriptions: translations, help pages, workflows. `python -m u2studio.u2net_nodes.generate` writes them, `--check` compares."""
