"""How words are spelt: the same word, or the same name, in another case, with other signs, in another script. Pure, for domain code as well.

Extra ``spelling``.
"""
