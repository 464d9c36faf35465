"""What a person must mend (the problems of a ``JobError``), in other languages: for the page, as the checks' lines are.

A problem names its field first; the rule that follows stands in a line of its own.
"""

from __future__ import annotations

# English, Russian. What no line knows stays English.
ERRORS: tuple[tuple[str, str], ...] = (
    # job.py
    ("`{field}` is required, but was not given.", "`{field}`: поле обязательно, но не заполнено."),
    (
        "`{field}` is not a field of a job; the fields are {fields}.",
        "`{field}`: такого поля у задания нет; поля: {fields}.",
    ),
    (
        "`{field}`: input should be greater than or equal to {least}, but got {got}.",
        "`{field}`: не меньше {least}, а получено {got}.",
    ),
    (
        "`{field}`: input should be less than or equal to {most}, but got {got}.",
        "`{field}`: не больше {most}, а получено {got}.",
    ),
    ("`{field}`: input should be greater than {least}, but got {got}.", "`{field}`: больше {least}, а получено {got}."),
    ("`{field}`: input should be less than {most}, but got {got}.", "`{field}`: меньше {most}, а получено {got}."),
    ("`{field}`: input should be a valid {kind}, {more}, but got {got}.", "`{field}`: неверное значение {got}."),
    ("`{field}`: input should be a valid {kind}, but got {got}.", "`{field}`: неверное значение {got}."),
    ("`{field}`: input should be {values}, but got {got}.", "`{field}`: одно из {values}, а получено {got}."),
    (
        "`{field}`: string should match pattern {pattern}, but got {got}.",
        "`{field}`: значение {got} не подходит под образец {pattern}.",
    ),
    ("`{field}`: must be one of {values}, but got {got}.", "`{field}`: одно из {values}, а получено {got}."),
    (
        "`exclude_columns` must not hold the target, but got {got} in both.",
        "`exclude_columns` не может содержать цель, но {got} стоит и там, и там.",
    ),
    (
        "`metric` must be one of {metrics} for the task {task}, but got {got}.",
        "`metric` для задачи {task}: одно из {metrics}, а получено {got}.",
    ),
    (
        "`{field}` must be one of the columns {columns}, but got {got}.",
        "`{field}`: один из столбцов {columns}, а получено {got}.",
    ),
    ("`query` must be empty when {what}, but got {got}.", "`query`: только для базы данных, а получено {got}."),
    ("must not hold a password, which {more}", "в адресе не должно быть пароля: ему место в соединении Airflow"),
    # what the file is
    (
        "must be a table in a format that is read (CSV, Excel, Parquet, …), but {what}.",
        "нужна таблица в читаемом формате (CSV, Excel, Parquet, …), но {what}.",
    ),
    ("is none of them", "это не она"),
    (
        "is a PDF document: export the table from the program that made it",
        "это документ PDF: сохраните таблицу из программы, в которой он сделан",
    ),
    (
        "is a SQLite database: use sqlite:///path with a `query`",
        "это база SQLite: укажите sqlite:///путь и запрос `query`",
    ),
    ("is an HDF5 file: save the table as Parquet", "это файл HDF5: сохраните таблицу как Parquet"),
    (
        "is a NumPy array: save it as CSV or Parquet, with names for the columns",
        "это массив NumPy: сохраните его как CSV или Parquet с названиями столбцов",
    ),
    (
        "is a Python pickle, which can run code: save the table as Parquet",
        "это pickle, который может выполнить код: сохраните таблицу как Parquet",
    ),
    ("is an ORC file: save the table as Parquet", "это файл ORC: сохраните таблицу как Parquet"),
    ("is an Avro file: save the table as Parquet", "это файл Avro: сохраните таблицу как Parquet"),
    ("is an SPSS file: export it as CSV", "это файл SPSS: выгрузите его в CSV"),
    ("is a Stata file: export it as CSV", "это файл Stata: выгрузите его в CSV"),
    ("is a 7z archive: unpack it, or use zip or gzip", "это архив 7z: распакуйте его или возьмите zip или gzip"),
    ("is a RAR archive: unpack it, or use zip or gzip", "это архив RAR: распакуйте его или возьмите zip или gzip"),
    ("is a picture, not a table", "это картинка, а не таблица"),
    ("is a program, not a table", "это программа, а не таблица"),
    ("is a text document: save the table as CSV", "это текстовый документ: сохраните таблицу как CSV"),
    (
        "must hold a table, but the file is empty (0 bytes): check the export that wrote it.",
        "нужна таблица, но файл пуст (0 байт): проверьте, как он был выгружен.",
    ),
    (
        "must hold a table, but the file is empty: check the export that wrote it.",
        "нужна таблица, но файл пуст: проверьте, как он был выгружен.",
    ),
    ("must hold a table, but the sheet {sheet} is empty.", "нужна таблица, но лист {sheet} пуст."),
    (
        "must hold a table or pictures, but the file is empty (0 bytes).",
        "нужна таблица или картинки, но файл пуст (0 байт).",
    ),
    (
        "must hold rows, but there is none: check the export that wrote it.",
        "нужны строки, но их нет: проверьте, как файл был выгружен.",
    ),
    (
        "must have rows, but there are none below the line of column names.",
        "нужны строки, но под строкой с названиями столбцов их нет.",
    ),
    (
        "must have a name of its own for each column, but has {names} more than once: rename them.",
        "у каждого столбца должно быть своё имя, но {names} повторяются: переименуйте их.",
    ),
    (
        "must be a table, but is a web page or XML document: download the file itself, or save as CSV.",
        "нужна таблица, но это веб-страница или XML: скачайте сам файл или сохраните как CSV.",
    ),
    ("must be a whole {kind} file, but unpacking it failed: {error}.", "файл {kind} повреждён: {error}."),
    ("must be a whole {kind}, but reading it failed: {error}", "файл ({kind}) повреждён: {error}"),
    (
        "must be an archive of one file, or of pictures (.jpg, .png, .webp, …), but holds {n}: {names}. "
        "Unpack tables into a folder.",
        "в архиве должен быть один файл или изображения (.jpg, .png, .webp, …), но в нём {n}: {names}. "
        "Распакуйте таблицы в папку.",
    ),
    (
        "must be an archive without a password, but has one: unpack it first.",
        "архив защищён паролем: сначала распакуйте его.",
    ),
    (
        "must be a table of separated values, but reading it failed: {error}",
        "нужна таблица с разделителями, но прочитать её не удалось: {error}",
    ),
    # pictures
    ("must hold pictures, but none can be read{reason}.", "нужны картинки, но прочитать не удалось ни одной{reason}."),
    (
        "must hold pictures of which at most {share} cannot be read, but {message}",
        "не читаться может не больше {share} картинок, но {message}",
    ),
    (
        "must be pictures, or a table with a column that names pictures beside it.",
        "нужны картинки или таблица со столбцом, который их называет.",
    ),
    # where it lies
    (
        "must be the address of a file, but there is none at {path}; did you mean {near}?",
        "по адресу {path} файла нет; может быть, {near}?",
    ),
    ("must be the address of a file, but there is none at {path}.", "по адресу {path} файла нет."),
    ("must be the address of files, but none matches {path}.", "адресу {path} не отвечает ни один файл."),
    ("must be the address of files, but the folder {path} holds none.", "в папке {path} нет файлов."),
    ("must be the address of objects, but there are none at {path}.", "по адресу {path} ничего нет."),
    (
        "must lie in a folder that this service reads (`NAS_DATA_FOLDERS`: {places}), but got {path}.",
        "файл {path} лежит вне папок, которые читает сервис (`NAS_DATA_FOLDERS`: {places}).",
    ),
    ("must be {ways}, but got {got}.", "неверный адрес {got}."),
    (
        "must be at most {most} MB (`NAS_MAX_DOWNLOAD_MB`), but {what} is larger.",
        "файл больше {most} МБ (`NAS_MAX_DOWNLOAD_MB`).",
    ),
    ("must be an address that answers, but {uri} says {status}.", "адрес {uri} отвечает ошибкой {status}."),
    ("must be an address that can be reached, but {uri} cannot: {reason}.", "адрес {uri} недоступен: {reason}."),
    (
        "must be the address of a table, but {uri} answers with a web page (a login, perhaps).",
        "вместо таблицы по адресу {uri} веб-страница (возможно, вход).",
    ),
    (
        "must be on a host that this service asks, but {host} is at {address}, which is not public: {more}.",
        "сервис не обращается к {host} ({address}): адрес не публичный; разрешить его может администратор "
        "(`NAS_PRIVATE_HOSTS`).",
    ),
    ("must name an Airflow connection, but there is none called {name}.", "соединения Airflow с именем {name} нет."),
    (
        "must name an Airflow connection (airflow://name) in this service, but got {got}.",
        "базы данных сервис читает через соединения Airflow (airflow://имя), а получено {got}.",
    ),
    (
        "is a database, so that `query` must say which rows to read, but got none.",
        "это база данных: запрос `query` должен сказать, какие строки читать.",
    ),
    ("must be a database that answers `query`, but {uri} says: {reason}.", "база {uri} отвечает: {reason}."),
    ("must be read in {seconds} s, but took longer.", "чтение заняло больше {seconds} с."),
    (
        "must be something that can be read, but reading it failed or took too much.",
        "прочитать не удалось, или это потребовало слишком много памяти.",
    ),
    # tasks, targets
    (
        "`dataset_uri` must have at least {least} rows with a target, but has {n}.",
        "Нужно не меньше {least} строк с целью, а есть {n}.",
    ),
    (
        "`target` must have at least two classes, but all {n} rows of {name} hold {value}.",
        "У цели должно быть хотя бы два класса, но во всех строках {name} ({n}) стоит {value}.",
    ),
    (
        "`target` must have at most {most} classes, but {name} has {n}.",
        "Классов цели может быть не больше {most}, а в {name} их {n}.",
    ),
    (
        "`target` must have different values, but all rows of {name} hold {value}.",
        "Значения цели должны различаться, но во всех строках {name} стоит {value}.",
    ),
    (
        "Each class of `target` must have at least {least} rows, but in {name} {rare}.",
        "В каждом классе цели должно быть не меньше {least} строк, но в {name}: {rare}.",
    ),
    # runs, predictions
    (
        "`root` must lie below the service's root or one of `NAS_RUN_ROOTS`, but got {got}.",
        "`root` должен лежать внутри корня сервиса или одного из `NAS_RUN_ROOTS`, а получено {got}.",
    ),
    (
        "`rows` must hold values that the model's columns can take, but {error}.",
        "Значения не подходят столбцам модели: {error}.",
    ),
    (
        "The rows must have the columns {needed}, but {missing} are missing; got {got}.",
        "В строках не хватает столбцов {missing}; нужны {needed}, есть {got}.",
    ),
)

# Whatever field it is about: for the problems that no other line knows.
FIELDS: tuple[tuple[str, str], ...] = (
    ("`{field}` ({name}) {rule}", "`{field}` ({name}): {rule}"),
    ("`{field}` {rule}", "`{field}`: {rule}"),
)
