#include <stddef.h>

#include "core/settings/settings.h"

const sv_setting_row_t sv_setting_rows[] = {
#define SV_SETTING_TEXT(field, environment, directive, value, text)                                                    \
    { SV_SETTING_IS_TEXT, #field, environment, directive, offsetof(sv_settings_t, field), value, 0, 0, 0, "", text },
#define SV_SETTING_SECRET(field, environment, directive, value, text)                                                  \
    { SV_SETTING_IS_SECRET, #field, environment, directive, offsetof(sv_settings_t, field), value, 0, 0, 0, "", text },
#define SV_SETTING_NUMBER(field, environment, directive, value, min, max, unit, text)                                  \
    { SV_SETTING_IS_NUMBER,                                                                                            \
      #field,                                                                                                          \
      environment,                                                                                                     \
      directive,                                                                                                       \
      offsetof(sv_settings_t, field),                                                                                  \
      "",                                                                                                              \
      value,                                                                                                           \
      min,                                                                                                             \
      max,                                                                                                             \
      unit,                                                                                                            \
      text },
#define SV_SETTING_FLAG(field, environment, directive, value, text)                                                    \
    { SV_SETTING_IS_FLAG, #field, environment, directive, offsetof(sv_settings_t, field), "", value, 0, 1, "", text },
#include "core/settings/settings.def"
#undef SV_SETTING_TEXT
#undef SV_SETTING_SECRET
#undef SV_SETTING_NUMBER
#undef SV_SETTING_FLAG
};

const size_t sv_setting_row_count = sizeof(sv_setting_rows) / sizeof(sv_setting_rows[0]);
