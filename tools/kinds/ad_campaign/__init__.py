"""Ads for five channels at once, within what each allows, every claim with what it rests on."""
