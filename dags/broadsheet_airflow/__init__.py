"""What Broadsheet's DAGs share: params, assets, which faults are retried, who is told, and the tasks that stages are.

The library is imported inside the tasks: DAG files are parsed again and again, and must stay light.
"""
