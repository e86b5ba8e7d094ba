# Plain `flask` runs the same app as `python manage.py`.
FLASK_APP=randonumber.cli:make_app
