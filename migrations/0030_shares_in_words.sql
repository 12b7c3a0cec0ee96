-- A share's definition says of what it is; its unit is the figure's (ppm), and whoever shows it as a percentage is right.
update figure set text_zh = replace(text_zh, '的百万分比', '的比例'), text_en = replace(text_en, ', in millionths', '')
where unit = 'ppm';
