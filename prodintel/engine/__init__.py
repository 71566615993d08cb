"""The process that owns what a machine has only once: the loaded model and the vector shard.

It knows vectors, ids and payloads, and nothing of catalogues. Everybody else talks to it through
`prodintel.engine.client`, which loads neither torch nor the shard's library.
"""
