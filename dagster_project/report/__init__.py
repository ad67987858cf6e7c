"""The report: one page of the published marts, for people who open no database."""
