"""The photo studio of the demo catalogue: models, materials and lights for `render.py`.

Needs Blender's Python module (`requirements-render.txt`); the site itself never imports it.
"""
