"""One module for each method, with a YAML of the same name in conf/method/."""
