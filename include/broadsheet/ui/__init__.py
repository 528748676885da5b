"""Pages over the published warehouse, for Airflow's UI: what the snapshot holds, pages as they were read, feeds, SQL, quality.

`create_app` of `app.py` makes the FastAPI application. Who is asking, and what they may do, is told to it (`gate.Access`): the plugin gives it
Airflow's login, a test gives it another.
"""
