/* Intersection over union of a class: the rows, or pixels, that are of it and predicted as such, of those
 * that are either (Jaccard 1901). */
#include "loss/answers.h"

static double iou_of_class(double hits, double right, double predicted)
{
    return hits / (right + predicted - hits);
}

static double iou_finish(const void *options, int64_t width, const double *counts)
{
    return nn_answers_average(options, width, counts, iou_of_class);
}

const nn_metric_type nn_metric_iou = {
    .name = "iou",
    .summary =
        "for classes, such as of pixels: intersection over union (Jaccard index), over all samples together",
    .example = "iou",
    .definition = "per class: hits / (rows of the class + rows predicted as the class - hits), over "
                  "all samples together",
    .reference = "Jaccard: Etude comparative de la distribution florale (1901); Everingham et al.: "
                 "The PASCAL visual object classes challenge (2010)",
    .undefined = NN_ANSWERS_UNDEFINED,
    .finish = iou_finish,
    .of_class = iou_of_class,
    NN_ANSWERS_AVERAGE,
};
