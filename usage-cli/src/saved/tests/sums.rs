//! Nothing counts twice: totals under any label, and rows that occur in two forms.

use super::*;

fn adding() -> SavedArgs {
    SavedArgs { sum: true, ..SavedArgs::default() }
}

/// Asserts that the files are refused with this text, and read if the user allows to add everything up.
#[track_caller]
fn refused(files: &[&str], problem: &str) {
    let message = all(files, &SavedArgs::default()).unwrap_err();
    assert!(message.contains(problem), "{files:?}: {message}");
    assert!(all(files, &adding()).is_ok(), "{files:?}");
}

#[track_caller]
fn accepted(files: &[&str]) {
    let result = all(files, &SavedArgs::default());
    assert!(result.is_ok(), "{files:?}: {result:?}");
}

#[test]
fn totals_are_refused_under_any_name_and_in_any_place() {
    let header = "date,clientName,requests\n";
    for label in ["Total", "Summe", "合計", "Итого", "All", "Yhteensä", "Total général"] {
        let total = format!("2026-10-02,{label},16\n");
        let rows = "2026-10-01,A,7\n2026-10-02,A,9\n";
        for text in [format!("{header}{rows}{total}"), format!("{header}{total}{rows}")] {
            refused(&[&text], "is a total of other rows");
        }
    }
    // An unknown label, and none.
    for label in ["Overzicht", "Ʃ", ""] {
        let (rows, total) = ("A,700\nB,900\nC,1\n", format!("{label},1601\n"));
        for text in [format!("{rows}{total}"), format!("{total}{rows}")] {
            refused(&[&format!("clientName,requests\n{text}")], "seems to be a total");
        }
    }
    accepted(&["clientId,clientName,requests\na,Total,7\nb,All,9\n"]);
    accepted(&["clientName,requests\nA,700\nB,900\nC,1\n,1600\n"]);
}

#[test]
fn groupings_of_several_levels_are_refused() {
    for text in [
        // ROLLUP (clientId), ROLLUP (clientId, templateUri), GROUPING SETS of one day.
        "clientId,requests\n,16\na,7\nb,9\n",
        "clientId,templateUri,requests\na,x,7\na,y,9\nb,x,1\nb,y,2\na,,16\nb,,3\n,,19\n",
        "date,platform,clientId,requests\n2026-10-01,p,a,7\n2026-10-01,p,b,9\n2026-10-01,p,,16\n",
    ] {
        refused(&[text], "seems to be a total");
    }
    // Rows are missing, so the sums do not show it.
    refused(&["date,clientId,templateUri,requests\n2026-10-01,a,x,7\n2026-10-01,a,,90\n"], "count twice");
    accepted(&["date,clientId,templateUri,requests\n2026-10-01,a,x,7\n2026-10-02,a,,90\n"]);
    accepted(&["date,clientId,userId,requests\n2026-10-01,a,u,7\n2026-10-01,a,v,9\n2026-10-01,a,,16\n"]);
    accepted(&["date,clientId,clientName,requests\n2026-10-01,a,A,7\n2026-10-01,deleted,,9\n"]);
}

#[test]
fn one_client_under_its_id_and_its_name_counts_once() {
    let both = "date,clientId,clientName,requests\n2026-10-01,a,A,7\n2026-10-02,a,A,9\n";
    let ids = "date,clientId,requests\n2026-10-01,a,7\n2026-10-02,a,9\n";
    let names = "date,clientName,requests\n2026-10-01,A,7\n2026-10-02,A,9\n";
    for files in [[both, ids], [ids, both], [both, names], [names, both]] {
        refused(&files, "is about the same as a row of");
    }
    refused(&[ids, names], "grouped in different ways");
    accepted(&[both, "date,clientId,requests\n2026-10-01,deleted,7\n"]);
    accepted(&[ids, "date,clientName,requests\n2026-10-03,A,7\n"]);
    let lines = r#"{"date":"2026-10-01","clientId":"a","clientName":"A","requests":7}
{"date":"2026-10-01","clientId":"a","requests":7}"#;
    refused(&[lines], "count twice");
}

#[test]
fn rows_with_fewer_columns_are_not_added_to_the_same_rows_with_more() {
    let clients = "date,clientId,requests\n2026-10-01,a,70\n2026-10-02,a,90\n";
    let users = "date,clientId,userId,requests\n2026-10-01,a,u,40\n2026-10-01,a,v,31\n";
    let organizations = "date,clientId,organizationId,requests\n2026-10-01,a,o,70\n";
    for files in [[clients, users], [users, clients]] {
        refused(&files, "is about the same as a row of");
    }
    for files in [[clients, organizations], [organizations, clients]] {
        refused(&files, "grouped in different ways");
    }
    // Other rows of the same query, of which none has a user.
    accepted(&[users, "date,clientId,requests\n2026-10-01,b,70\n"]);
    accepted(&[users, "date,clientId,requests\n2026-10-03,a,70\n"]);
}

#[test]
fn another_spelling_makes_no_other_row() {
    let header = "date,clientId,clientName,httpMethod,templateUri,requests\n";
    let row = "2026-10-01,AB-1,Nightly,GET,api/v2/users,70\n";
    let rows = format!("{header}{row}");
    for other in [
        "2026-10-01,AB-1,Renamed,GET,api/v2/users,71\n",
        "2026-10-01,ab-1,Nightly,GET,api/v2/users,71\n",
        "2026-10-01,AB-1,Nightly,get,api/v2/users,71\n",
        "2026-10-01,AB-1,Nightly,GET,/api/v2/users,71\n",
        "2026-10-01,AB-1,Nightly ,GET,api/v2/users/,71\n",
    ] {
        refused(&[&rows, &format!("{header}{other}")], "is about the same");
        refused(&[&format!("{rows}{other}")], "is about the same");
    }
    for other in [
        "2026-10-02,ab-1,Renamed,get,/api/v2/users,71\n",
        "2026-10-01,AB-2,Nightly,GET,api/v2/users,71\n",
        "2026-10-01,AB-1,Nightly,GET,api/v2/Users,71\n",
        "2026-10-01,AB-1,Nightly,PUT,api/v2/users,71\n",
    ] {
        accepted(&[&format!("{rows}{other}")]);
    }
}

#[test]
fn one_result_of_one_query_has_no_totals_and_no_doubles() {
    let document = |rows: &str| {
        format!(
            r#"{{"scope":{{"query":{{"interval":"2026-10-01/2026-10-31"}},"complete":true}},"rows":[{rows}]}}"#
        )
    };
    for rows in [
        r#"{"clientId":"a","requests":7},{"userId":"u","requests":7}"#,
        r#"{"clientId":"a","templateUri":"x","requests":7},{"clientId":"a","requests":7}"#,
        r#"{"clientId":"a","requests":700},{"clientId":"b","requests":900},{"requests":1600}"#,
        r#"{"clientName":"A","templateUri":"/x","requests":7},{"clientName":"A","templateUri":"x","requests":7}"#,
    ] {
        accepted(&[&document(rows)]);
        assert!(all(&[&format!("[{rows}]")], &SavedArgs::default()).is_err(), "{rows}");
    }
    let row = r#"{"clientId":"a","clientName":"A","templateUri":"x","requests":7}"#;
    let other = row.replace("\"x\"", "\"/x\"");
    for text in [document(row) + &document(&other), document(row) + &other] {
        refused(&[&text], "is about the same");
    }
}

#[test]
fn totals_of_a_period_are_not_added_to_its_days() {
    let days = "date,clientId,requests\n2026-10-01,a,70\n2026-10-02,a,90\n";
    let totals = "clientId,requests\na,160\n";
    for files in [[days, totals], [totals, days]] {
        refused(&files, "have none and may be totals of them");
    }
    accepted(&[totals, "clientId,requests\nb,160\n"]);
}

#[test]
fn a_date_that_may_be_of_a_month_is_not_added_to_days() {
    let row = |date: &str| format!("{date},a,70\n");
    let file = |dates: &[&str]| {
        format!("date,clientId,requests\n{}", dates.iter().map(|date| row(date)).collect::<String>())
    };
    let days = file(&["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-09"]);
    for apart in ["2026-09-01", "2026-09-28", "2026-10-12"] {
        let apart = file(&[apart]);
        for files in [[&*days, &*apart], [&*apart, &*days]] {
            let message = all(&files, &SavedArgs::default()).unwrap_err();
            assert!(message.contains("which may be a day, a week or a month"), "{message}");
        }
    }
    // The next day, a day in the middle of a week, and two single days.
    for other in ["2026-10-10", "2026-10-04", "2026-10-14"] {
        accepted(&[&days, &file(&[other])]);
    }
    accepted(&[&file(&["2026-10-05"]), &file(&["2026-10-12"])]);
}

#[test]
fn a_granularity_that_the_dates_contradict_is_refused() {
    let dates = |dates: &[&str], granularity: Granularity| {
        let rows = dates.join(",7\n");
        let mut saved = Rows::default();
        saved.begin_file("it", &SavedArgs::default());
        read(format!("date,requests\n{rows},7\n").as_bytes(), &mut saved).unwrap();
        let sources = std::mem::take(&mut saved.sources);
        check::buckets_are_one(&saved.finish(), &sources, Some(&granularity)).is_ok()
    };
    let (days, weeks) =
        (["2026-10-01", "2026-10-02", "2026-10-05"], ["2026-10-01", "2026-10-05", "2026-10-12"]);
    assert!(!dates(&days, Granularity::Week) && dates(&days, Granularity::Day));
    assert!(dates(&weeks, Granularity::Week) && !dates(&weeks, Granularity::Month));
    // The start of the interval cuts the first month.
    assert!(dates(&["2026-08-31", "2026-09-01", "2026-10-01"], Granularity::Month));
}

#[test]
fn blanks_and_words_for_nothing_make_no_other_row() {
    let texts = "date,clientId,httpMethod,templateUri,requests\n2026-10-01,a,GET,NaN,7\n";
    for other in ["2026-10-01, a, GET ,,7\n", "2026-10-01,a,GET,NULL,7\n", "2026-10-01,a,GET,<NA>,7\n"] {
        refused(&[&format!("{texts}{other}")], "is about the same");
    }
}

#[test]
fn a_client_is_called_as_it_is_unless_a_database_wrote_that_it_has_no_name() {
    let names = |name: &str| {
        let rows = table(format!("date\tclientName\trequests\n2026-10-01\t{name}\t7\n"));
        rows.row(0).unwrap().client_name().map(ToOwned::to_owned)
    };
    assert_eq!(
        (names("\\N"), names("None").as_deref(), names("NA").as_deref()),
        (None, Some("None"), Some("NA"))
    );
}

#[test]
fn a_sum_that_is_no_count_is_refused() {
    let line = |day: u32| format!("{{\"date\":\"2026-10-0{day}\",\"requests\":9223372036854775807}}\n");
    assert!(all(&[&line(1)], &adding()).is_ok());
    for files in [vec![line(1) + &line(2)], vec![line(1), line(2)]] {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        for args in [adding(), SavedArgs::default()] {
            let message = all(&files, &args).unwrap_err();
            assert!(message.contains("the sum of requests is 18446744073709551614"), "{message}");
        }
    }
}

#[test]
fn what_python_writes_for_a_missing_value_is_absent() {
    let text = r#"[{"date":"2026-10-01","userId":NaN,"clientId":"a","requests":7,"status429":NaN}]"#;
    let rows = table(text);
    let row = rows.row(0).unwrap();
    assert_eq!((row.requests(), row.status429(), row.user_id()), (Some(7), None, None));
    assert!(flaw(r#"[{"requests":NaN}]"#).problem.contains("no count"));
    assert_eq!(flaw(r#"[{"requests":Nan}]"#).problem, "expected a value");
    assert_eq!(flaw(r#"[{"requests":Infinity}]"#).problem, "expected a value");
}

#[test]
fn tables_by_columns_are_refused_with_a_way_to_save_rows() {
    for text in [
        r#"{"date":{"0":"2026-10-01"},"requests":{"0":7}}"#,
        r#"{"requests":[7],"date":["2026-10-01"]}"#,
        r#"{"0":{"date":"2026-10-01","requests":7}}"#,
        r#"{"columns":["date","requests"],"index":[0],"data":[["2026-10-01",7]]}"#,
        r#"[["2026-10-01",7]]"#,
        r#"[["date","requests"],["2026-10-01",7]]"#,
    ] {
        assert!(flaw(text).hint.unwrap_or_default().contains("orient"), "{text}: {:?}", flaw(text));
    }
}

#[test]
fn groupings_that_stand_apart_in_one_file_are_refused() {
    for text in [
        "date,clientId,platform,requests\n2026-10-01,a,,7\n2026-10-01,,p,7\n",
        "date,clientId,clientName,requests\n2026-10-01,a,,7\n2026-10-01,,A,7\n",
        "clientId,templateUri,httpMethod,requests\na,,,7\n,x,GET,7\n",
        "clientId,userId,requests\na,,7\n,u,7\n",
    ] {
        refused(&[text], "grouped in different ways");
    }
    accepted(&["date,clientId,platform,requests\n2026-10-01,a,,7\n2026-10-02,,p,7\n"]);
    accepted(&["clientId,userId,requests\na,,7\n,u,8\na,u,9\n"]);
}

#[test]
fn days_among_weeks_or_months_of_one_file_are_refused() {
    let lines = |dates: &[&str]| {
        dates.iter().fold(String::from("date,requests\n"), |text, date| format!("{text}{date},7\n"))
    };
    for dates in [
        &["2026-10-05", "2026-10-12", "2026-10-19", "2026-10-20", "2026-10-21"][..],
        &["2026-10-20", "2026-10-21", "2026-10-05", "2026-10-12", "2026-10-19"],
        &["2026-08-01", "2026-09-01", "2026-09-02"],
    ] {
        let message = all(&[&lines(dates)], &adding()).unwrap_err();
        assert!(message.contains("some of weeks or months"), "{message}");
    }
    for dates in [
        &["2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26"][..],
        &["2026-08-01", "2026-09-01", "2026-10-01"],
        &["2026-10-05", "2026-10-06", "2026-10-12", "2026-10-13", "2026-10-19", "2026-10-20"],
        &["2026-10-02", "2026-10-09", "2026-10-16", "2026-10-17"],
    ] {
        accepted(&[&lines(dates)]);
    }
    let document = |bucket: &str, date: &str| {
        format!(
            r#"{{"scope":{{"query":{{"interval":"2026-10-01/2026-10-31","granularity":"{bucket}"}},"complete":true}},"rows":[{{"date":"{date}","requests":7}}]}}"#
        )
    };
    let two = |second| document("Week", "2026-10-05") + &document(second, "2026-10-12");
    assert!(all(&[&two("Day")], &adding()).unwrap_err().contains("some of weeks or months"));
    accepted(&[&two("Week")]);
}
