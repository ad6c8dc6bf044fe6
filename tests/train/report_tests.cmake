set(HEDDLE_TRAIN_REPORT_TESTS
    report_axis_test.cpp
    report_page_test.cpp
    report_pictures_test.cpp
    report_values_test.cpp)
