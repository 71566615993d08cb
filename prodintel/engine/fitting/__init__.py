"""Programs that fit what the starter encoder learns from photos. Not used by the site."""
