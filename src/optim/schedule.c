/* Learning-rate schedules: warm-up, and extended runs. */
#include "optim/schedule.h"

const char *const nn_schedule_extend_choices[] = {"stretch", "hold", "restart", NULL};

int64_t nn_schedule_warmup_steps(const void *options, nn_schedule_length length)
{
    const nn_schedule_common *common = options;
    return nn_schedule_duration_steps(common->warmup, length);
}

double nn_schedule_factor(const nn_schedule_type *type, const void *options, const nn_schedule_memory *memory,
                          int64_t step, nn_schedule_length length)
{
    nn_schedule_span span = memory->span;
    if (span.planned == 0) span.planned = length.steps;
    if (memory->span.planned == 0 || span.extend != NN_EXTEND_HOLD) span.end = span.planned;
    if (step >= span.end && span.end < span.planned) step = span.end - 1;
    length.steps = span.end - span.begin;
    step -= span.begin;
    int64_t warmup = nn_schedule_warmup_steps(options, length);
    if (step < warmup) return (double)(step + 1) / (double)warmup;
    length.steps -= warmup;
    return type->factor(options, memory, step - warmup, length);
}

const char *nn_schedule_unreached(const nn_schedule_type *type, const void *options,
                                  nn_schedule_length length, int64_t validate_every)
{
    int64_t warmup = nn_schedule_warmup_steps(options, length);
    nn_schedule_length proper = {length.steps - warmup, length.steps_per_epoch};
    for (const nn_option *option = type->options; type->unreached && option->name; option++) {
        const void *field = (const char *)options + option->offset;
        if (option->kind != NN_OPTION_DURATION || option->offset == 0) continue;
        nn_duration duration = *(const nn_duration *)field;
        if (duration.unit == NN_DURATION_VALIDATIONS)
            duration = (nn_duration){duration.amount * (double)validate_every, NN_DURATION_STEPS};
        if (warmup < length.steps && nn_schedule_duration_steps(duration, proper) >= proper.steps)
            return option->name;
    }
    return NULL;
}

bool nn_schedule_plan(const void *options, nn_schedule_memory *memory, int64_t step,
                      nn_schedule_length length)
{
    const nn_schedule_common *common = options;
    nn_schedule_span *span = &memory->span, before = *span;
    if (before.planned == 0) {
        *span = (nn_schedule_span){0, length.steps, length.steps, common->extend};
        return false;
    }
    if (step >= length.steps) return false;
    bool longer = length.steps > before.planned, shorter = length.steps < before.planned;
    bool extended = before.end < before.planned && before.extend != common->extend;
    if (!(longer || shorter || extended)) return false;
    if (longer && before.extend != NN_EXTEND_HOLD) span->end = before.planned;
    if (span->end > length.steps) span->end = length.steps;
    span->planned = length.steps;
    span->extend = common->extend;
    if (shorter || common->extend != NN_EXTEND_RESTART) return true;
    *memory = (nn_schedule_memory){.span = {step, length.steps, length.steps, common->extend}};
    return true;
}

void nn_schedule_observe(const nn_schedule_type *type, const void *options, nn_schedule_memory *memory,
                         double value, bool higher_is_better)
{
    if (type->observe) type->observe(options, memory, value, higher_is_better);
}
