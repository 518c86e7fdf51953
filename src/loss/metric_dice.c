/* The Dice coefficient of a class: twice the intersection over the sum of both sizes (Dice 1945). Over all
 * samples together it is the F1 score; the name is that of image segmentation. */
#include "loss/answers.h"

static double dice_of_class(double hits, double right, double predicted)
{
    return 2 * hits / (right + predicted);
}

static double dice_finish(const void *options, int64_t width, const double *counts)
{
    return nn_answers_average(options, width, counts, dice_of_class);
}

const nn_metric_type nn_metric_dice = {
    .name = "dice",
    .summary = "for classes, such as of pixels: Dice coefficient, over all samples together (equal to f1)",
    .example = "dice",
    .definition = "per class: 2 x hits / (rows of the class + rows predicted as the class), over "
                  "all samples together",
    .reference = "Dice: Measures of the amount of ecologic association between species (1945)",
    .undefined = NN_ANSWERS_UNDEFINED,
    .finish = dice_finish,
    .of_class = dice_of_class,
    NN_ANSWERS_AVERAGE,
};
