"""What may be searched: typed parameters, validated spaces, presets. Standard library only, YAML apart."""
