"""The shop as its systems export it: columns, spellings, files, and what real exports garble."""
