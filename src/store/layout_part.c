/* What a layout may be made of. */
#include <inttypes.h>

#include "store/gaps.h"
#include "store/layout.h"
#include "store/packing.h"

static nn_status part_check_gaps(nn_store_array *part)
{
    nn_store_gaps *gaps;
    NN_TRY(nn_store_gaps_find(part, &gaps));
    nn_status status = NN_OK;
    if (nn_store_gaps_count(gaps) > 0)
        status = nn_fail(NN_ERROR_DATA, "dataset \"%s\" of %s lacks %" PRId64 " values: %s; write them",
                         part->name, part->file->path, nn_store_gaps_count(gaps), nn_store_gaps_cause(gaps));
    nn_store_gaps_destroy(gaps);
    return status;
}

nn_status nn_layout_check_part(nn_store_array *part)
{
    nn_store_packing packing;
    nn_text text = {0};
    NN_TRY(nn_store_array_expect_numeric(part, part->info.type));
    NN_TRY(part_check_gaps(part));
    NN_TRY(nn_store_packing_read(part, false, &packing));
    if (nn_store_packing_is_none(&packing, part->info.type)) return NN_OK;
    nn_store_packing_describe(&packing, &text);
    nn_status status = nn_fail(
        NN_ERROR_DATA,
        "the attributes of dataset \"%s\" of %s say how its values are to be read (%s), which is done only "
        "for a dataset of samples: unpack the values, mark missing ones as NaN, and remove the attributes",
        part->name, part->file->path, text.failed || !text.bytes ? "_Unsigned" : text.bytes);
    nn_text_free(&text);
    return status;
}
