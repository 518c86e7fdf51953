/* One line per importer, in the order of `nntrain help import`. Included by registry.c with NN_IMPORTER
 * defined. */
NN_IMPORTER(csv)
NN_IMPORTER(series)
NN_IMPORTER(text)
NN_IMPORTER(idx)
NN_IMPORTER(images)
NN_IMPORTER(manifest)
NN_IMPORTER(masks)
NN_IMPORTER(npy)
NN_IMPORTER(libsvm)
NN_IMPORTER(cifar)
NN_IMPORTER(netcdf)
