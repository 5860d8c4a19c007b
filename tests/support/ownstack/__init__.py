"""A stack of a test's own, to be broken: started as `setu up` starts one, and gone with the test, however that ends."""
