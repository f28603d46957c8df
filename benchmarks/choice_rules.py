def report(folder): pass
