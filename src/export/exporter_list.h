/* One line per exporter, in the order of `nntrain help export`. Included by exporters.c with NN_EXPORTER
 * defined. */
NN_EXPORTER(onnx)
NN_EXPORTER(nn)
