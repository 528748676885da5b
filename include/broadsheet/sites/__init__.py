"""Site profiles as files: loading, scaffolding, golden pages. What a profile does on a page is in `page/`.

`<host>.yaml` beside this file are the bundled profiles; a user's folder (setting `sites_dir`) goes before them.
"""
