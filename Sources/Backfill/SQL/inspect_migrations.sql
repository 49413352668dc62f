SELECT version FROM backfilld.migration ORDER BY version
